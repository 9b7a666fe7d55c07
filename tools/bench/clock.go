package main

import (
	"runtime"
	"syscall"
	"time"
)

// schedule calls each(i, due) for i from 0, every interval from now on until `length` has passed, on a thread of its own that the
// kernel wakes: Go's timers are late by up to a millisecond.
func schedule(interval, length time.Duration, each func(i int, due time.Time)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := time.Now()
	for i := range steps(interval, length) {
		due := begin.Add(time.Duration(i) * interval)
		for {
			left := time.Until(due)
			if left <= 0 {
				break
			}
			pause := syscall.NsecToTimespec(int64(left))
			syscall.Nanosleep(&pause, nil) // interrupted by a signal, it is called again
		}
		each(i, due)
	}
}

// steps is how many intervals begin within the length.
func steps(interval, length time.Duration) int {
	return int((length + interval - 1) / interval)
}
