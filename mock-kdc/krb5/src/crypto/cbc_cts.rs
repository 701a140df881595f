//! AES in CBC mode with ciphertext stealing and an IV of zeros (RFC 3962 §5, RFC 8009 §5).
//!
//! The variant that always swaps the last two blocks, also when the length is a multiple of 16
//! (CBC-CS3 of NIST SP 800-38A's addendum). A single block is plain ECB.

use std::sync::LazyLock;

use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, InOut, KeyInit,
};
use aes::{Aes128, Aes128Enc, Aes256, Aes256Enc};
use zeroize::optimization_barrier;

const BLOCK_LENGTH: usize = 16;
type Block = [u8; BLOCK_LENGTH];

/// A key schedule, for both directions. Overwritten when dropped.
pub(super) enum Aes {
    Bits128(Aes128),
    Bits256(Aes256),
}

/// A key schedule for encryption alone. Overwritten when dropped.
pub(super) enum AesEncryption {
    Bits128(Aes128Enc),
    Bits256(Aes256Enc),
}

/// Schedules of a key of zeros, which take the place of secret ones. The feature `zeroize` of `aes` writes zeros octet by
/// octet instead: a thousand for each schedule, longer than most messages take to encrypt.
static BLANK: LazyLock<Blank> = LazyLock::new(|| Blank {
    both: (Aes128::new(&Array::default()), Aes256::new(&Array::default())),
    encryption: (Aes128Enc::new(&Array::default()), Aes256Enc::new(&Array::default())),
});

struct Blank {
    both: (Aes128, Aes256),
    encryption: (Aes128Enc, Aes256Enc),
}

impl Drop for Aes {
    fn drop(&mut self) {
        match self {
            Self::Bits128(aes) => overwrite(aes, &BLANK.both.0),
            Self::Bits256(aes) => overwrite(aes, &BLANK.both.1),
        }
    }
}

impl Drop for AesEncryption {
    fn drop(&mut self) {
        match self {
            Self::Bits128(aes) => overwrite(aes, &BLANK.encryption.0),
            Self::Bits256(aes) => overwrite(aes, &BLANK.encryption.1),
        }
    }
}

/// With a barrier, as nobody reads what is written here.
fn overwrite<T: Clone>(schedule: &mut T, blank: &T) {
    schedule.clone_from(blank);
    optimization_barrier(schedule);
}

impl Aes {
    /// INVARIANT: `key` has 16 or 32 octets; callers pass keys of an etype's length.
    pub(super) fn new(key: &[u8]) -> Self {
        match key.len() {
            16 => Self::Bits128(Aes128::new_from_slice(key).expect("16 octets")),
            _ => Self::Bits256(Aes256::new_from_slice(key).expect("AES keys have 16 or 32 octets")),
        }
    }

    /// Encrypts in place. INVARIANT: at least one block, which the confounder always is.
    pub(super) fn encrypt_cts(&self, data: &mut [u8]) {
        assert!(data.len() >= BLOCK_LENGTH, "ciphertext stealing needs one block");
        if data.len() == BLOCK_LENGTH {
            return self.encrypt_cbc(data.as_chunks_mut().0);
        }
        let (blocks, last) = data.split_at_mut((data.len() - 1) / BLOCK_LENGTH * BLOCK_LENGTH);
        let blocks = blocks.as_chunks_mut().0;
        let mut padded = [0; BLOCK_LENGTH];
        padded[..last.len()].copy_from_slice(last);
        self.run_encryption(CbcEncryption { blocks, then: Some(&mut padded) });
        let second_to_last = blocks.last_mut().expect("more than one block");
        last.copy_from_slice(&second_to_last[..last.len()]);
        *second_to_last = padded;
    }

    /// Decrypts in place. INVARIANT: at least one block; the caller has checked the length.
    pub(super) fn decrypt_cts(&self, data: &mut [u8]) {
        assert!(data.len() >= BLOCK_LENGTH, "ciphertext stealing needs one block");
        let (head, tail) = split_tail(data);
        let (tail, last) = tail.split_at_mut(BLOCK_LENGTH);
        let tail: &mut Block = tail.try_into().expect("one block");
        let decryption = CtsDecryption { head: head.as_chunks_mut().0, tail, last };
        match self {
            Self::Bits128(aes) => aes.decrypt_with_backend(decryption),
            Self::Bits256(aes) => aes.decrypt_with_backend(decryption),
        }
    }

    fn encrypt_cbc(&self, blocks: &mut [Block]) {
        self.run_encryption(CbcEncryption { blocks, then: None });
    }

    fn run_encryption(&self, encryption: CbcEncryption<'_>) {
        match self {
            Self::Bits128(aes) => aes.encrypt_with_backend(encryption),
            Self::Bits256(aes) => aes.encrypt_with_backend(encryption),
        }
    }
}

impl AesEncryption {
    /// INVARIANT: `key` has 16 or 32 octets; callers pass keys of an etype's length.
    pub(super) fn new(key: &[u8]) -> Self {
        match key.len() {
            16 => Self::Bits128(Aes128Enc::new_from_slice(key).expect("16 octets")),
            _ => Self::Bits256(Aes256Enc::new_from_slice(key).expect("AES keys have 16 or 32 octets")),
        }
    }

    pub(super) fn encrypt_block(&self, block: &mut Block) {
        self.encrypt_cbc(std::slice::from_mut(block));
    }

    /// Plain CBC.
    pub(super) fn encrypt_cbc(&self, blocks: &mut [Block]) {
        let encryption = CbcEncryption { blocks, then: None };
        match self {
            Self::Bits128(aes) => aes.encrypt_with_backend(encryption),
            Self::Bits256(aes) => aes.encrypt_with_backend(encryption),
        }
    }
}

/// CBC over some blocks and one more elsewhere. As a closure it is run where the processor's AES was found once: that,
/// and what is done to the schedule there, costs as much as some blocks.
struct CbcEncryption<'a> {
    blocks: &'a mut [Block],
    then: Option<&'a mut Block>,
}

impl BlockSizeUser for CbcEncryption<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for CbcEncryption<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        let mut previous = [0; BLOCK_LENGTH];
        for block in self.blocks.iter_mut().chain(self.then) {
            xor(block, &previous);
            let block: &mut Array<u8, U16> = block.into();
            backend.encrypt_block(InOut::from(&mut *block));
            previous.copy_from_slice(block);
        }
    }
}

/// CBC over whole blocks, and the two that stealing concerns; `last` is empty where there is one block in all.
struct CtsDecryption<'a> {
    head: &'a mut [Block],
    tail: &'a mut Block,
    last: &'a mut [u8],
}

impl BlockSizeUser for CtsDecryption<'_> {
    type BlockSize = U16;
}

impl BlockCipherDecClosure for CtsDecryption<'_> {
    #[inline(always)]
    fn call<B: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &B) {
        let Self { head, tail, last } = self;
        let decrypt = |block: &mut Block| {
            let block: &mut Array<u8, U16> = block.into();
            backend.decrypt_block(InOut::from(block));
        };
        let mut previous = [0; BLOCK_LENGTH];
        // Eight at a time, which the processor works on at once.
        for group in head.chunks_mut(8) {
            let mut ciphertexts = [[0; BLOCK_LENGTH]; 8];
            let ciphertexts = &mut ciphertexts[..group.len()];
            ciphertexts.copy_from_slice(group);
            group.iter_mut().for_each(decrypt);
            for (block, ciphertext) in group.iter_mut().zip(ciphertexts) {
                xor(block, &previous);
                previous = *ciphertext;
            }
        }
        decrypt(tail);
        if last.is_empty() {
            return;
        }
        // What the last block lacks of the stolen one is what its padding of zeros left visible.
        let mut stolen = *tail;
        stolen[..last.len()].copy_from_slice(last);
        for (octet, mask) in last.iter_mut().zip(*tail) {
            *octet ^= mask;
        }
        decrypt(&mut stolen);
        xor(&mut stolen, &previous);
        *tail = stolen;
    }
}

/// Whole blocks, and what stealing concerns: 17 to 32 octets, or 16 if that is all there is.
fn split_tail(data: &mut [u8]) -> (&mut [u8], &mut [u8]) {
    let blocks_before = (data.len() - 1) / BLOCK_LENGTH;
    data.split_at_mut(blocks_before.saturating_sub(1) * BLOCK_LENGTH)
}

fn xor(block: &mut Block, with: &Block) {
    *block = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(*with)).to_ne_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a schedule of this type makes of a block of zeros.
    fn encrypted(aes: &impl BlockCipherEncrypt<BlockSize = U16>) -> Block {
        let mut block = [0; BLOCK_LENGTH];
        aes.encrypt_block((&mut block).into());
        block
    }

    #[test]
    fn an_overwritten_schedule_is_that_of_a_key_of_zeros() {
        let (mut short, mut long) = (Aes128::new(&[7; 16].into()), Aes256::new(&[7; 32].into()));
        overwrite(&mut short, &BLANK.both.0);
        overwrite(&mut long, &BLANK.both.1);
        assert_eq!(encrypted(&short), encrypted(&Aes128::new(&[0; 16].into())));
        assert_eq!(encrypted(&long), encrypted(&Aes256::new(&[0; 32].into())));
        let (mut short, mut long) = (Aes128Enc::new(&[7; 16].into()), Aes256Enc::new(&[7; 32].into()));
        overwrite(&mut short, &BLANK.encryption.0);
        overwrite(&mut long, &BLANK.encryption.1);
        assert_eq!(encrypted(&short), encrypted(&Aes128::new(&[0; 16].into())));
        assert_eq!(encrypted(&long), encrypted(&Aes256::new(&[0; 32].into())));
    }
}
