//go:build !linux

package wire

func NewWaker() Waker { return NewTimerWaker() }
