//go:build noraw

package wire

import "syscall"

// Built with -tags noraw, every system call is told to the scheduler. make bench-peers
// ONLY=client measures what that costs; nothing else uses it.
var systemCall = syscall.Syscall6
