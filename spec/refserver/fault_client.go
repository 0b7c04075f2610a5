package refserver

var clientFaults = []Fault{}
