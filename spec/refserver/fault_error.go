package refserver

var errorFaults = []Fault{}
