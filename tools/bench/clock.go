package main

import (
	"runtime"
	"syscall"
	"time"
)

// schedule calls each(i, due) for i from 0, every interval from now on until `length` has passed. It sleeps in a system call on a
// separate thread, because Go's timers are late by up to a millisecond.
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
			syscall.Nanosleep(&pause, nil) // called again if a signal interrupts it
		}
		each(i, due)
	}
}

// steps is the number of intervals that begin within the length.
func steps(interval, length time.Duration) int {
	return int((length + interval - 1) / interval)
}
