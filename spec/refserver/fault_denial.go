package refserver

var denialFaults = []Fault{}
