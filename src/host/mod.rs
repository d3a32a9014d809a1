//! What this machine is: CPU, memory, kernel, free ports. Effects.
