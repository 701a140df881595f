//! Our code against other implementations, started from what is installed on this machine.

mod openssl;
