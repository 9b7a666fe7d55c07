// The process that holds a pod's namespaces. It only waits; with shareProcessNamespace it is PID 1 of all containers,
// so it also reaps their orphaned processes.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		for reap() {
		}
	}
}

// reap reaps one terminated child, if there is one.
func reap() bool {
	pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
	return err == syscall.EINTR || pid > 0
}
