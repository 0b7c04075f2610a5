package refserver

var discoveryFaults = []Fault{}
