// Command bench has both ends of the benchmark: mock engines, and clients that send load to the gateway before them.
//
//	bench mock        mock engines on loopback; prints their addresses on one line, and serves until it is terminated
//	bench requests    requests without streaming at a constant rate, independent of response times (an open loop)
//	bench streams     concurrent streams of tokens
//	bench workers     one request at a time per worker, with lognormal lengths (a closed loop)
//
// The clients print JSON with every single measurement, in microseconds; the caller evaluates them.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"time"
)

// options are the options that all clients share.
type options struct {
	url, model    string
	warm, seconds time.Duration
}

func (o *options) register(flags *flag.FlagSet) {
	flags.StringVar(&o.url, "url", "", "where to send requests, without /v1")
	flags.StringVar(&o.model, "model", "chat", "the model to request")
	flags.DurationVar(&o.warm, "warm", time.Second, "duration of the warm-up before the measurement")
	flags.DurationVar(&o.seconds, "for", 5*time.Second, "duration of the measurement")
}

func main() {
	// Both ends use little memory and are sensitive to pauses: collect garbage rarely.
	debug.SetGCPercent(800)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: bench mock|requests|streams|workers [flags]")
	}
	flags := flag.NewFlagSet(args[0], flag.ExitOnError)
	var o options
	switch args[0] {
	case "mock":
		engines := flags.Int("engines", 1, "mock engines that the splitter uses from the start")
		spare := flags.Int("spare", 0, "further mock engines, which join later")
		token := flags.Duration("token", 20*time.Millisecond, "time between two tokens")
		flags.Parse(args[1:])
		return mock(*engines, *spare, *token)
	case "requests":
		o.register(flags)
		rate := flags.Float64("rate", 100, "requests per second")
		flags.Parse(args[1:])
		return show(requests(o, *rate))
	case "streams":
		o.register(flags)
		count := flags.Int("streams", 64, "concurrent streams")
		token := flags.Duration("token", 20*time.Millisecond, "time between two tokens of the mock engine")
		flags.Parse(args[1:])
		return show(streams(o, *count, *token))
	case "workers":
		o.register(flags)
		count := flags.Int("workers", 64, "concurrent requests")
		median := flags.Float64("median", 15, "median length of an answer, in tokens")
		sigma := flags.Float64("sigma", 1, "standard deviation of the logarithm of the lengths")
		seed := flags.Uint64("seed", 1, "seed of the random lengths")
		flags.Parse(args[1:])
		return show(workers(o, *count, *median, *sigma, *seed))
	}
	return fmt.Errorf("unknown: %s", args[0])
}

func show(result any) error {
	return json.NewEncoder(os.Stdout).Encode(result)
}
