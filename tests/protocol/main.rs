//! Protocol machines and codecs in memory: golden bytes, properties, and both sides against each other.
//! One binary, so that the library is linked once.

mod mysql;
mod net;
mod postgres;
