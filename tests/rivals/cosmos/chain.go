package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	runtimev1 "cosmossdk.io/api/cosmos/app/runtime/v1alpha1"
	appv1 "cosmossdk.io/api/cosmos/app/v1alpha1"
	authv1 "cosmossdk.io/api/cosmos/auth/module/v1"
	bankv1 "cosmossdk.io/api/cosmos/bank/module/v1"
	consensusv1 "cosmossdk.io/api/cosmos/consensus/module/v1"
	txv1 "cosmossdk.io/api/cosmos/tx/config/v1"
	"cosmossdk.io/core/appconfig"
	"cosmossdk.io/depinject"
	"cosmossdk.io/log"
	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	_ "github.com/cosmos/cosmos-sdk/x/auth"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	_ "github.com/cosmos/cosmos-sdk/x/auth/tx/config"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	_ "github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	_ "github.com/cosmos/cosmos-sdk/x/consensus"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	denomination = "cent"
	fortune      = 1_000_000_000
)

// What moves coins, and nothing else. Validators are those of the genesis for ever, as nobody stakes.
var modules = appconfig.Compose(&appv1.Config{Modules: []*appv1.ModuleConfig{
	module("runtime", &runtimev1.Module{AppName: name}),
	module("auth", &authv1.Module{
		Bech32Prefix:             "cosmos",
		ModuleAccountPermissions: []*authv1.ModuleAccountPermission{{Account: authtypes.FeeCollectorName}},
	}),
	module("bank", &bankv1.Module{}),
	module("consensus", &consensusv1.Module{}),
	// The SDK's own chain of checks before a transaction: form, gas, fee, sequence, signatures.
	module("tx", &txv1.Config{}),
}})

func module(name string, config protoreflect.ProtoMessage) *appv1.ModuleConfig {
	return &appv1.ModuleConfig{Name: name, Config: appconfig.WrapAny(config)}
}

// node is the SDK's application, which makes no block after a refusal.
type node struct {
	*runtime.App
}

func newNode(logger log.Logger, db dbm.DB, traces io.Writer, options servertypes.AppOptions) servertypes.Application {
	var (
		builder  *runtime.AppBuilder
		accounts authkeeper.AccountKeeper
		bank     bankkeeper.BaseKeeper
	)
	err := depinject.Inject(depinject.Configs(modules, depinject.Supply(logger)), &builder, &accounts, &bank)
	if err != nil {
		panic(err)
	}
	app := builder.Build(db, traces, server.DefaultBaseappOptions(options)...)
	app.SetInitChainer(func(ctx sdk.Context, request *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
		count, err := countOf(request.AppStateBytes)
		if err != nil {
			return nil, err
		}
		owned, held := genesis(count)
		accounts.InitGenesis(ctx, owned)
		bank.InitGenesis(ctx, &held)
		return &abci.ResponseInitChain{Validators: request.Validators}, nil
	})
	if err := app.Load(true); err != nil {
		panic(err)
	}
	return node{app}
}

// FinalizeBlock fails, and CometBFT with it, where a transaction of the block was refused: such a run measures nothing.
func (node node) FinalizeBlock(request *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	response, err := node.App.FinalizeBlock(request)
	if err != nil {
		return nil, err
	}
	for _, result := range response.TxResults {
		if result.Code != abci.CodeTypeOK {
			return nil, fmt.Errorf("height %d: code %d: %s", request.Height, result.Code, result.Log)
		}
	}
	return response, nil
}

// countOf reads what the genesis file says: how many accounts there are, in base64.
func countOf(state []byte) (int, error) {
	var text []byte
	if err := json.Unmarshal(state, &text); err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

// genesis gives each of so many accounts the same coins.
func genesis(count int) (authtypes.GenesisState, banktypes.GenesisState) {
	coins := sdk.NewCoins(sdk.NewCoin(denomination, math.NewInt(fortune)))
	accounts := make(authtypes.GenesisAccounts, count)
	balances := make([]banktypes.Balance, count)
	for number := range accounts {
		address := sdk.AccAddress(keyOf(number).PubKey().Address())
		accounts[number] = authtypes.NewBaseAccount(address, nil, uint64(number), 0)
		balances[number] = banktypes.Balance{Address: address.String(), Coins: coins}
	}
	owned := authtypes.NewGenesisState(authtypes.DefaultParams(), accounts)
	held := banktypes.GenesisState{Params: banktypes.DefaultParams(), Balances: balances}
	return *owned, held
}
