//go:build !noraw

package wire

import "syscall"

// systemCall does not tell the scheduler.
var systemCall = syscall.RawSyscall6
