//! One file per subcommand, arguments, exit codes. Effects.
