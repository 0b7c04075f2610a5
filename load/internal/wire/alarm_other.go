//go:build !linux

package wire

// NewAlarm is the most punctual alarm that the system has.
func NewAlarm() Alarm { return NewTimerAlarm() }
