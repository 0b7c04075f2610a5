//go:build unix

package local

import (
	"os"
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C of the terminal from the shards: the crew tells them.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func interrupt(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
