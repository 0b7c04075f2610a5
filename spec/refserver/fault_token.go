package refserver

var tokenFaults = []Fault{}
