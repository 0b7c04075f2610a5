//go:build !linux

package wire

func NewAlarm() Alarm { return NewTimerAlarm() }
