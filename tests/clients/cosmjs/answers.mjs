// usage: node answers.mjs ADDRESS KEY TRANSACTION TRANSACTION TRANSACTION
//
// Asks a gateway (host:port) everything that @cosmjs/tendermint-rpc can ask, by its Comet38 client over a
// websocket, and prints each answer as the client decoded it: a line of JSON for each, {"call", "answer"}.
// KEY is a key of the state that has a value, in hex; the transactions, in hex, are sent on the way.
import { Comet38Client, WebsocketClient } from "@cosmjs/tendermint-rpc";

const [address, key, ...transactions] = process.argv.slice(2);
const hex = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const [sync, async, commit] = transactions.map(hex);

// An event that never comes must not hold up the tests.
setTimeout(() => fail("not all answers came in time"), 60_000).unref();

const rpc = new WebsocketClient(`ws://${address}`, (error) => fail(`the websocket: ${error}`));
const client = await Comet38Client.create(rpc);

const events = (name, stream) => {
  const waiting = [];
  const arrived = [];
  stream.subscribe({
    next: (event) => (waiting.length > 0 ? waiting.shift()(event) : arrived.push(event)),
    error: (error) => fail(`${name}: ${error}`),
  });
  return () => (arrived.length > 0 ? arrived.shift() : new Promise((resolve) => waiting.push(resolve)));
};

// The subscriptions stand before anything is sent, because messages are answered in order.
const nextBlock = events("NewBlock", client.subscribeNewBlock());
const nextHeader = events("NewBlockHeader", client.subscribeNewBlockHeader());
const nextTx = events("Tx", client.subscribeTx());

print("health", await client.health());
print("status", await client.status());
print("genesis", await client.genesis());
print("abci_info", await client.abciInfo());

const accepted = await client.broadcastTxSync({ tx: sync });
print("broadcast_tx_sync", accepted);
const seen = await nextTx();
print("event Tx", seen);
// Others' blocks may come first: those before, and empty ones, have another shape.
print("event NewBlock", await first(nextBlock, (block) => block.header.height === seen.height));
print("event NewBlockHeader", await first(nextHeader, (header) => header.height === seen.height));
await refused("broadcast_tx_sync, again", client.broadcastTxSync({ tx: sync }));
print("broadcast_tx_async", await client.broadcastTxAsync({ tx: async }));
await nextTx();
print("broadcast_tx_commit", await client.broadcastTxCommit({ tx: commit }));

const height = seen.height;
print("tx", await client.tx({ hash: accepted.hash }));
print("tx, proven", await client.tx({ hash: accepted.hash, prove: true }));
print("block", await client.block(height));
print("block, the first", await client.block(1));
print("block_results", await client.blockResults(height));
print("blockchain", await client.blockchain(1, height));
print("commit", await client.commit(height));
print("validators", await client.validators({ height, page: 1, per_page: 2 }));
print("validators, all", await client.validatorsAll());
print("num_unconfirmed_txs", await client.numUnconfirmedTxs());
print("abci_query", await client.abciQuery({ path: "/key", data: hex(key) }));
print("abci_query, proven", await client.abciQuery({ path: "/key", data: hex(key), prove: true }));
print("abci_query, unknown", await client.abciQuery({ path: "/nothing", data: hex(key) }));
await refused("block, too high", client.block(height + 1_000_000));
await refused("tx, unknown", client.tx({ hash: new Uint8Array(32) }));
await refused("tx_search", client.txSearch({ query: "tx.height=1" }));
await refused("block_search", client.blockSearch({ query: "block.height=1" }));
client.disconnect();
process.exit(0);

async function first(next, fits) {
  for (;;) {
    const event = await next();
    if (fits(event)) return event;
  }
}

async function refused(call, answer) {
  try {
    print(call, await answer);
  } catch (error) {
    print(call, { refused: error.message });
  }
}

function print(call, answer) {
  console.log(JSON.stringify({ call, answer: plain(answer) }));
}

// Bytes as hex and times as text; what the client left undefined is said to be absent.
function plain(value) {
  if (value === undefined) return "(absent)";
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex").toUpperCase();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
