package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"cosmossdk.io/math"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/tx"
	"github.com/cosmos/cosmos-sdk/types/tx/signing"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/spf13/cobra"
)

// More than a send takes.
const gas = 200_000

func sign() *cobra.Command {
	return &cobra.Command{
		Use:  "sign ACCOUNTS FIRST COUNT",
		Args: cobra.ExactArgs(3),
		RunE: func(command *cobra.Command, arguments []string) error {
			var numbers [3]int
			for place, text := range arguments {
				number, err := strconv.Atoi(text)
				if err != nil {
					return err
				}
				numbers[place] = number
			}
			accounts, first, count := numbers[0], numbers[1], numbers[2]

			output := bufio.NewWriter(command.OutOrStdout())
			for number := first; number < first+count; number++ {
				bytes, err := send(number, accounts)
				if err != nil {
					return err
				}
				output.WriteString(base64.StdEncoding.EncodeToString(bytes) + "\n")
			}
			return output.Flush()
		},
	}
}

// send is a cent from an account to the next one. Accounts take turns, so that of as many sends as there are accounts
// no two wait for each other's sequence.
func send(number, accounts int) ([]byte, error) {
	payer, sequence := number%accounts, uint64(number/accounts)
	key := keyOf(payer)
	message := banktypes.NewMsgSend(
		sdk.AccAddress(key.PubKey().Address()),
		sdk.AccAddress(keyOf((payer+1)%accounts).PubKey().Address()),
		sdk.NewCoins(sdk.NewCoin(denomination, math.OneInt())),
	)
	content, err := codectypes.NewAnyWithValue(message)
	if err != nil {
		return nil, err
	}
	public, err := codectypes.NewAnyWithValue(key.PubKey())
	if err != nil {
		return nil, err
	}
	body, err := (&tx.TxBody{Messages: []*codectypes.Any{content}}).Marshal()
	if err != nil {
		return nil, err
	}
	signer := &tx.SignerInfo{
		PublicKey: public,
		ModeInfo: &tx.ModeInfo{
			Sum: &tx.ModeInfo_Single_{Single: &tx.ModeInfo_Single{Mode: signing.SignMode_SIGN_MODE_DIRECT}},
		},
		Sequence: sequence,
	}
	auth, err := (&tx.AuthInfo{SignerInfos: []*tx.SignerInfo{signer}, Fee: &tx.Fee{GasLimit: gas}}).Marshal()
	if err != nil {
		return nil, err
	}
	document := tx.SignDoc{BodyBytes: body, AuthInfoBytes: auth, ChainId: name, AccountNumber: uint64(payer)}
	signed, err := document.Marshal()
	if err != nil {
		return nil, err
	}
	signature, err := key.Sign(signed)
	if err != nil {
		return nil, err
	}
	return (&tx.TxRaw{BodyBytes: body, AuthInfoBytes: auth, Signatures: [][]byte{signature}}).Marshal()
}

// keyOf derives an account's key from its number.
func keyOf(number int) *secp256k1.PrivKey {
	return secp256k1.GenPrivKeyFromSecret(binary.BigEndian.AppendUint64(nil, uint64(number)))
}
