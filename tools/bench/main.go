// Command bench is both ends of the benchmark: mock engines, and the clients that load what stands before them.
//
//	bench mock        mock engines on loopback; says on one line where they listen, and serves until it is ended
//	bench requests    whole answers at a constant rate, whatever the answers take (an open loop)
//	bench streams     streams of tokens at the same time
//	bench workers     as many requests at a time as there are workers, of lognormal lengths (a closed loop)
//
// The clients print JSON with every single measurement, in microseconds; what is made of them is the caller's.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// options are those of all clients.
type options struct {
	url, model    string
	warm, seconds time.Duration
}

func (o *options) register(flags *flag.FlagSet) {
	flags.StringVar(&o.url, "url", "", "where to send requests, without /v1")
	flags.StringVar(&o.model, "model", "chat", "the model to ask for")
	flags.DurationVar(&o.warm, "warm", time.Second, "how long before what is measured")
	flags.DurationVar(&o.seconds, "for", 5*time.Second, "how long to measure")
}

func main() {
	// Both ends keep little in memory and answer to a clock: collect garbage seldom.
	debug.SetGCPercent(800)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say one of: mock, requests, streams, workers")
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	var o options
	switch args[0] {
	case "mock":
		engines := flags.Int("engines", 1, "mock engines that the splitter knows from the start")
		spare := flags.Int("spare", 0, "further ones, which join later")
		token := flags.Duration("token", 20*time.Millisecond, "time between two tokens")
		flags.Parse(args[1:])
		return mock(*engines, *spare, *token)
	case "requests":
		o.register(flags)
		rate := flags.Float64("rate", 100, "requests a second")
		flags.Parse(args[1:])
		return show(requests(o, *rate))
	case "streams":
		o.register(flags)
		count := flags.Int("streams", 64, "streams at the same time")
		token := flags.Duration("token", 20*time.Millisecond, "time between two tokens of the mock engine")
		flags.Parse(args[1:])
		return show(streams(o, *count, *token))
	case "workers":
		o.register(flags)
		count := flags.Int("workers", 64, "requests at the same time")
		median := flags.Float64("median", 15, "median length of an answer, in tokens")
		sigma := flags.Float64("sigma", 1, "standard deviation of the logarithm of the lengths")
		seed := flags.Uint64("seed", 1, "which lengths are drawn")
		flags.Parse(args[1:])
		return show(workers(o, *count, *median, *sigma, *seed))
	}
	return fmt.Errorf("unknown: %s", args[0])
}

func show(result any) error {
	return json.NewEncoder(os.Stdout).Encode(result)
}
