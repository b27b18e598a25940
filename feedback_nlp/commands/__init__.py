"""Groups of commands of the command line, each of which calls one part of the library."""
