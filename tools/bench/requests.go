package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// requestsResult has what was measured of whole answers.
type requestsResult struct {
	Due      int     `json:"due"`      // requests of the time that is measured
	Answered int     `json:"answered"` // of them, answered at all
	InTime   int     `json:"in_time"`  // of them, answered before the measured time was over
	TimeUs   []int64 `json:"time_us"`  // of each answer: the time since it was due, without what the engine had it
	LateUs   []int64 `json:"late_us"`  // of each request: how long after it was due it was sent
	FirstErr string  `json:"first_error"`
}

// requests sends one request at every tick, whether or not those before are answered, and measures each from when it was due.
func requests(o options, rate float64) requestsResult {
	var (
		client   = newClient()
		interval = time.Duration(float64(time.Second) / rate)
		ctx, end = context.WithTimeout(context.Background(), o.warm+o.seconds+patience)
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
		inside, err := whole(ctx, client, o, 1)
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

// whole asks for an answer of so many tokens; the time that the engine says it had the request.
func whole(ctx context.Context, client *http.Client, o options, tokens int) (time.Duration, error) {
	answer, err := ask(ctx, client, o, tokens, false)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	inside, ok := content(text)
	if !ok {
		return 0, fmt.Errorf("not the mock engine's answer: %.200s", text)
	}
	return time.Duration(inside), nil
}
