package refserver

var refreshFaults = []Fault{}
