//go:build !unix

package local

import (
	"os"
	"os/exec"
)

func apart(*exec.Cmd) {}

// interrupt ends the process: there is no signal to ask it with. Its files are those
// of the last time that it wrote them.
func interrupt(p *os.Process) error { return p.Kill() }
