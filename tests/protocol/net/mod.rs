//! Connections, TLS and the driver, with a toy protocol in place of a database's.

mod connections;
mod driver;
mod faults;
mod gss;
mod kdc;
mod kdc_transport;
mod records;
mod toy;
