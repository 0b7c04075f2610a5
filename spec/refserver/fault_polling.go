package refserver

var pollingFaults = []Fault{}
