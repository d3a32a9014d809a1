//! The load driver: sends requests and takes time stamps. Effects.
