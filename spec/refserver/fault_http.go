package refserver

var httpFaults = []Fault{}
