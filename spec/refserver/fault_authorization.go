package refserver

var authorizationFaults = []Fault{}
