// Asks a gateway everything that CometBFT's own RPC client can ask, and prints each answer as the client decoded
// it, in CometBFT's JSON: a line for each, {"call", "answer"}. What CometBFT's types can check of them is checked.
//
// usage: answers ADDRESS KEY TRANSACTION TRANSACTION TRANSACTION
//
// KEY is a key of the state that has a value, in hex; the transactions, in hex, are sent on the way.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/rpc/client"
	"github.com/cometbft/cometbft/rpc/client/http"
	ctypes "github.com/cometbft/cometbft/rpc/core/types"
	"github.com/cometbft/cometbft/types"
)

const (
	patience    = 60 * time.Second
	eventsQueue = 64
	pause       = 20 * time.Millisecond
)

func main() {
	if len(os.Args) != 6 {
		fail("usage", fmt.Errorf("answers ADDRESS KEY TRANSACTION TRANSACTION TRANSACTION"))
	}
	key := fromHex(os.Args[2])
	txs := [3]types.Tx{fromHex(os.Args[3]), fromHex(os.Args[4]), fromHex(os.Args[5])}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	node, err := http.New("http://"+os.Args[1], "/websocket")
	check("client", err)
	check("websocket", node.Start())
	events := map[string]<-chan ctypes.ResultEvent{}
	for _, name := range []string{"NewBlock", "NewBlockHeader", "Tx"} {
		events[name] = subscribe(ctx, node, name)
	}

	show("health")(node.Health(ctx))
	show("status")(node.Status(ctx))
	show("net_info")(node.NetInfo(ctx))
	show("genesis")(node.Genesis(ctx))
	show("genesis_chunked")(node.GenesisChunked(ctx, 0))
	show("abci_info")(node.ABCIInfo(ctx))

	show("broadcast_tx_sync")(node.BroadcastTxSync(ctx, txs[0]))
	// Alone in its block, so that its proof has one form.
	found := committed(ctx, node, txs[0])
	show("broadcast_tx_sync, again")(node.BroadcastTxSync(ctx, txs[0]))
	show("broadcast_tx_async")(node.BroadcastTxAsync(ctx, txs[1]))
	last, err := node.BroadcastTxCommit(ctx, txs[2])
	show("broadcast_tx_commit")(last, err)
	// The client does not say when a subscription stands, so the last of the three transactions is looked for; the
	// blocks before it, and empty ones, have another shape.
	for name, arriving := range events {
		show("event "+name)(eventOf(ctx, arriving, last.Height), nil)
	}

	height, next := found.Height, found.Height+1
	page, perPage, limit := 1, 2, 10
	show("tx, proven")(found, nil)
	show("tx")(node.Tx(ctx, txs[0].Hash(), false))
	block, err := node.Block(ctx, &height)
	show("block")(block, err)
	check("the block", block.Block.ValidateBasic())
	check("the transaction's proof", found.Proof.Validate(block.Block.DataHash))
	show("block_by_hash")(node.BlockByHash(ctx, block.BlockID.Hash))
	show("block_by_hash, unknown")(node.BlockByHash(ctx, make([]byte, 32)))
	first := int64(1)
	show("block, the first")(node.Block(ctx, &first))
	show("block_results")(node.BlockResults(ctx, &height))
	show("blockchain")(node.BlockchainInfo(ctx, 1, height))
	show("header")(node.Header(ctx, &height))
	show("header_by_hash")(node.HeaderByHash(ctx, block.BlockID.Hash))
	commit, err := node.Commit(ctx, &height)
	show("commit")(commit, err)
	check("the signed header", commit.SignedHeader.ValidateBasic(block.Block.ChainID))
	show("commit, the newest")(node.Commit(ctx, nil))
	show("validators")(node.Validators(ctx, &height, &page, &perPage))
	show("validators, next")(node.Validators(ctx, &next, nil, nil))
	verified(ctx, node, block, commit.Commit)
	show("consensus_params")(node.ConsensusParams(ctx, &height))
	show("consensus_params, the first")(node.ConsensusParams(ctx, &first))
	show("unconfirmed_txs")(node.UnconfirmedTxs(ctx, &limit))
	show("num_unconfirmed_txs")(node.NumUnconfirmedTxs(ctx))
	show("abci_query")(node.ABCIQuery(ctx, "/key", key))
	show("abci_query, proven")(node.ABCIQueryWithOptions(ctx, "/key", key, client.ABCIQueryOptions{Prove: true}))
	show("abci_query, unknown")(node.ABCIQuery(ctx, "/nothing", key))

	height += 1_000_000
	show("block, too high")(node.Block(ctx, &height))
	show("tx, unknown")(node.Tx(ctx, make([]byte, 32), false))
	show("tx_search")(node.TxSearch(ctx, "tx.height=1", false, nil, nil, ""))
	show("block_search")(node.BlockSearch(ctx, "block.height=1", nil, nil, ""))
	show("check_tx")(node.CheckTx(ctx, txs[0]))
	show("consensus_state")(node.ConsensusState(ctx))
	show("dump_consensus_state")(node.DumpConsensusState(ctx))
	check("unsubscribe", node.UnsubscribeAll(ctx, ""))
	check("stop", node.Stop())
}

func subscribe(ctx context.Context, node *http.HTTP, name string) <-chan ctypes.ResultEvent {
	arriving, err := node.Subscribe(ctx, "", "tm.event='"+name+"'", eventsQueue)
	check("subscribe", err)
	return arriving
}

// eventOf waits for the event of a height.
func eventOf(ctx context.Context, arriving <-chan ctypes.ResultEvent, height int64) ctypes.ResultEvent {
	for {
		select {
		case event := <-arriving:
			if heightOf(event) == height {
				return event
			}
		case <-ctx.Done():
			fail("event", ctx.Err())
		}
	}
}

func heightOf(event ctypes.ResultEvent) int64 {
	switch data := event.Data.(type) {
	case types.EventDataNewBlock:
		return data.Block.Height
	case types.EventDataNewBlockHeader:
		return data.Header.Height
	case types.EventDataTx:
		return data.Height
	default:
		return 0
	}
}

// committed waits until a transaction is in a block.
func committed(ctx context.Context, node *http.HTTP, tx types.Tx) *ctypes.ResultTx {
	for {
		found, err := node.Tx(ctx, tx.Hash(), true)
		if err == nil {
			return found
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			fail("tx", err)
		}
	}
}

// verified lets CometBFT's own verification judge a commit by the validators of its height.
func verified(ctx context.Context, node *http.HTTP, block *ctypes.ResultBlock, commit *types.Commit) {
	height := block.Block.Height
	validators, err := node.Validators(ctx, &height, nil, nil)
	check("validators", err)
	set := types.NewValidatorSet(validators.Validators)
	check("the commit", set.VerifyCommit(block.Block.ChainID, block.BlockID, height, commit))
}

// show prints an answer, or why there is none.
func show(call string) func(answer any, err error) {
	return func(answer any, err error) {
		if err != nil {
			answer = map[string]string{"refused": err.Error()}
		}
		text, err := cmtjson.Marshal(answer)
		check(call, err)
		line, err := json.Marshal(map[string]any{"call": call, "answer": json.RawMessage(text)})
		check(call, err)
		fmt.Println(string(line))
	}
}

func fromHex(text string) []byte {
	bytes, err := hex.DecodeString(text)
	check("hex", err)
	return bytes
}

func check(what string, err error) {
	if err != nil {
		fail(what, err)
	}
}

func fail(what string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(1)
}
