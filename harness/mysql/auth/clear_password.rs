//! `mysql_clear_password`: the secret and a NUL. It carries IAM tokens and passwords that are checked outside.

/// The client's answer.
#[must_use]
pub fn answer(secret: &[u8]) -> Vec<u8> {
    let mut answer = Vec::with_capacity(secret.len() + 1);
    answer.extend_from_slice(secret);
    answer.push(0);
    answer
}

/// The secret in a client's answer: what is before the first NUL, as a C string has it.
#[must_use]
pub fn secret(answer: &[u8]) -> &[u8] {
    let length = answer.iter().position(|&octet| octet == 0).unwrap_or(answer.len());
    &answer[..length]
}
