package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// requestsResult has the measurements of requests without streaming.
type requestsResult struct {
	Due      int     `json:"due"`      // requests due in the measured time
	Answered int     `json:"answered"` // of these, answered at all
	InTime   int     `json:"in_time"`  // of these, answered before the measured time was over
	TimeUs   []int64 `json:"time_us"`  // of each answer: the time since it was due, without the time in the engine
	LateUs   []int64 `json:"late_us"`  // of each request: how long after it was due it was sent
	FirstErr string  `json:"first_error"`
}

// requests sends one request at every tick, whether or not earlier ones are answered, and measures each from when it was due.
func requests(o options, rate float64) requestsResult {
	var (
		client   = newClient()
		interval = time.Duration(float64(time.Second) / rate)
		ctx, end = context.WithTimeout(context.Background(), o.warm+o.seconds+grace)
		begin    = time.Now()
		from     = begin.Add(o.warm)
		until    = from.Add(o.seconds)
		lock     sync.Mutex
		wait     sync.WaitGroup
		result   = requestsResult{TimeUs: []int64{}, LateUs: []int64{}}
	)
	defer end()
	one := func(due time.Time, measured bool) {
		defer wait.Done()
		late := time.Since(due)
		inside, err := completion(ctx, client, o, 1)
		done := time.Now()
		lock.Lock()
		defer lock.Unlock()
		if !measured {
			return
		}
		result.Due++
		result.LateUs = append(result.LateUs, late.Microseconds())
		if err != nil {
			result.FirstErr = err.Error()
			return
		}
		result.Answered++
		result.TimeUs = append(result.TimeUs, (done.Sub(due) - inside).Microseconds())
		if done.Before(until) {
			result.InTime++
		}
	}
	schedule(interval, o.warm+o.seconds, func(_ int, due time.Time) {
		wait.Add(1)
		go one(due, !due.Before(from))
	})
	wait.Wait()
	return result
}

// completion requests an answer of so many tokens without streaming, and returns the time that it spent in the engine.
func completion(ctx context.Context, client *http.Client, o options, tokens int) (time.Duration, error) {
	response, err := send(ctx, client, o, tokens, false)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	inside, ok := content(text)
	if !ok {
		return 0, fmt.Errorf("not the mock engine's answer: %.200s", text)
	}
	return time.Duration(inside), nil
}
