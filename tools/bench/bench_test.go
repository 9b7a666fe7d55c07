package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestAScheduleHasAllTicksOfItsLength(t *testing.T) {
	for _, each := range []struct {
		interval, length time.Duration
		want             int
	}{
		{10 * time.Millisecond, time.Second, 100},
		{3 * time.Millisecond, 10 * time.Millisecond, 4}, // 0, 3, 6, 9
		{20 * time.Millisecond, 10 * time.Millisecond, 1},
		{time.Millisecond, 0, 0},
	} {
		if got := steps(each.interval, each.length); got != each.want {
			t.Errorf("steps(%s, %s) = %d, not %d", each.interval, each.length, got, each.want)
		}
	}
}

func TestTicksAreEvenlySpacedAndNeverEarly(t *testing.T) {
	var dues []time.Time
	schedule(2*time.Millisecond, 20*time.Millisecond, func(i int, due time.Time) {
		if time.Now().Before(due) {
			t.Errorf("tick %d was called before it was due", i)
		}
		if i == 3 {
			time.Sleep(8 * time.Millisecond) // a slow tick does not delay the later ones
		}
		dues = append(dues, due)
	})
	if len(dues) != 10 {
		t.Fatalf("%d ticks", len(dues))
	}
	for i, due := range dues {
		if distance := due.Sub(dues[0]); distance != time.Duration(i)*2*time.Millisecond {
			t.Errorf("tick %d is due %s after the first", i, distance)
		}
	}
}

func TestATokenIsFoundInJSONAsGatewaysFormatIt(t *testing.T) {
	for text, want := range map[string]int64{
		`data: {"choices":[{"delta":{"role":"assistant","content":"17955"}}]}`: 17955,
		`{"choices": [{"message": {"content": "7", "role": "assistant"}}]}`:    7,
	} {
		if got, ok := content([]byte(text)); !ok || got != want {
			t.Errorf("content(%s) = %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{`data: [DONE]`, `{"delta":{}}`, `{"content":"words"}`, `{"content":null}`, ``, `{"content`} {
		if _, ok := content([]byte(text)); ok {
			t.Errorf("content(%s) is a number", text)
		}
	}
}

func TestLengthsAreLognormal(t *testing.T) {
	if got := length(0, 15, 1); got != 15 {
		t.Errorf("the median is %d", got)
	}
	if got := length(1, 15, 1); got != int(math.Round(15*math.E)) {
		t.Errorf("one standard deviation above it is %d", got)
	}
	if got := length(-9, 15, 1); got != 1 {
		t.Errorf("the minimum is %d", got)
	}
	lengths := []int{length(-1, 15, 1), length(0, 15, 1), length(1, 15, 1)}
	if !slices.IsSorted(lengths) {
		t.Errorf("not sorted: %v", lengths)
	}
}
