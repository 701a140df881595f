//! Exchanges against replies made by hand.
