package main

import (
	"bufio"
	"context"
	"net/http"
	"sync"
	"time"
)

// streamsResult has the measurements of streams.
type streamsResult struct {
	Due      int     `json:"due"`      // tokens that the engine sends in the measured time
	DelayUs  []int64 `json:"delay_us"` // of each token that arrived: the time since the engine sent it
	Failed   int     `json:"failed"`   // streams that failed, or never began
	FirstErr string  `json:"first_error"`
}

// streams opens the streams one after the other during the warm-up, so that their tokens are spread over time, and measures each token
// from when the engine sent it. Client and engine share the clock of one machine.
func streams(o options, count int, token time.Duration) streamsResult {
	var (
		client   = newClient()
		from     = time.Now().Add(o.warm)
		until    = from.Add(o.seconds)
		ctx, end = context.WithDeadline(context.Background(), until.Add(grace))
		lock     sync.Mutex
		wait     sync.WaitGroup
		result   = streamsResult{Due: count * int(o.seconds/token), DelayUs: []int64{}}
	)
	defer end()
	one := func() {
		defer wait.Done()
		delays, err := follow(ctx, client, o, token, from, until)
		lock.Lock()
		defer lock.Unlock()
		result.DelayUs = append(result.DelayUs, delays...)
		if err != nil {
			result.Failed++
			result.FirstErr = err.Error()
		}
	}
	schedule(o.warm*3/4/time.Duration(count), o.warm*3/4, func(i int, _ time.Time) {
		if i < count {
			wait.Add(1)
			go one()
		}
	})
	wait.Wait()
	return result
}

// follow reads one stream to its end, and returns the delays in microseconds of the tokens sent between the two times.
func follow(ctx context.Context, client *http.Client, o options, token time.Duration, from, until time.Time) ([]int64, error) {
	tokens := int(time.Until(until)/token) + 1
	response, err := send(ctx, client, o, tokens, true)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	delays := make([]int64, 0, tokens)
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		sent, ok := content(lines.Bytes())
		if !ok {
			continue
		}
		now := time.Now()
		if at := time.Unix(0, sent); !at.Before(from) && at.Before(until) {
			delays = append(delays, now.Sub(at).Microseconds())
		}
	}
	return delays, lines.Err()
}
