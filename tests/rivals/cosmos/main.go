// A chain of the Cosmos SDK on which coins are sent, and what is sent there: the other side of a benchmark.
//
// usage: cosmos-bank start --home DIRECTORY
//
//	cosmos-bank sign ACCOUNTS FIRST COUNT
//
// `start` is the SDK's own command: a node with CometBFT inside, by the keys, the genesis and the settings in the
// directory. `sign` prints signed transactions in base64, a line for each.
package main

import (
	"os"

	"github.com/cometbft/cometbft/config"
	"github.com/cosmos/cosmos-sdk/server"
	svrcmd "github.com/cosmos/cosmos-sdk/server/cmd"
	"github.com/spf13/cobra"
)

// The program, its application and the chain.
const name = "cosmos-bank"

func main() {
	root := &cobra.Command{Use: name, SilenceUsage: true}
	root.AddCommand(start(), sign())
	if err := svrcmd.Execute(root, "", ""); err != nil {
		os.Exit(1)
	}
}

func start() *cobra.Command {
	command := server.StartCmd(newNode, "")
	command.PersistentPreRunE = func(command *cobra.Command, _ []string) error {
		return server.InterceptConfigsPreRunHandler(command, "", nil, config.DefaultConfig())
	}
	return command
}
