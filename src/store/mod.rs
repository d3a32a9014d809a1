//! The run directory: appends records, reads them back. Effects.
