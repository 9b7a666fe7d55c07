package main

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
)

// workersResult counts requests; the mock engines count them by engine.
type workersResult struct {
	Answered int    `json:"answered"`
	Failed   int    `json:"failed"`
	FirstErr string `json:"first_error"`
}

// workers each send one request after the other, with random lengths, until the time is over.
func workers(o options, count int, median, sigma float64, seed uint64) workersResult {
	var (
		client   = newClient()
		ctx, end = context.WithTimeout(context.Background(), o.warm+o.seconds)
		lock     sync.Mutex
		wait     sync.WaitGroup
		result   workersResult
	)
	defer end()
	for i := range count {
		wait.Add(1)
		go func() {
			defer wait.Done()
			lengths := rand.New(rand.NewPCG(seed, uint64(i)))
			for ctx.Err() == nil {
				_, err := completion(ctx, client, o, length(lengths.NormFloat64(), median, sigma))
				lock.Lock()
				switch {
				case err == nil:
					result.Answered++
				case ctx.Err() == nil: // a request that is cut off by the end of the time has not failed
					result.Failed++
					result.FirstErr = err.Error()
				}
				lock.Unlock()
			}
		}()
	}
	wait.Wait()
	return result
}

// length is a lognormal number of tokens, at least one, computed from a normal number.
func length(normal, median, sigma float64) int {
	return max(1, int(math.Round(median*math.Exp(sigma*normal))))
}
