//! AES in CBC mode with ciphertext stealing and an IV of zeros (RFC 3962 §5, RFC 8009 §5).
//!
//! The variant that always swaps the last two blocks, also when the length is a multiple of 16
//! (CBC-CS3 of NIST SP 800-38A's addendum). A single block is plain ECB.

use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, InOut,
    KeyInit,
};
use aes::{Aes128, Aes256};

const BLOCK_LENGTH: usize = 16;
type Block = [u8; BLOCK_LENGTH];

/// A key schedule, for both directions. Wiped when dropped (feature `zeroize` of `aes`).
#[derive(Clone)]
pub(super) enum Aes {
    Bits128(Aes128),
    Bits256(Aes256),
}

impl Aes {
    /// INVARIANT: `key` has 16 or 32 octets; callers pass keys of an etype's length.
    pub(super) fn new(key: &[u8]) -> Self {
        match key.len() {
            16 => Self::Bits128(Aes128::new_from_slice(key).expect("16 octets")),
            _ => Self::Bits256(Aes256::new_from_slice(key).expect("AES keys have 16 or 32 octets")),
        }
    }

    pub(super) fn encrypt_block(&self, block: &mut Block) {
        match self {
            Self::Bits128(aes) => aes.encrypt_block(block.into()),
            Self::Bits256(aes) => aes.encrypt_block(block.into()),
        }
    }

    fn decrypt_blocks(&self, blocks: &mut [Block]) {
        match self {
            Self::Bits128(aes) => aes.decrypt_blocks(Array::cast_slice_from_core_mut(blocks)),
            Self::Bits256(aes) => aes.decrypt_blocks(Array::cast_slice_from_core_mut(blocks)),
        }
    }

    /// Encrypts in place. INVARIANT: at least one block, which the confounder always is.
    pub(super) fn encrypt_cts(&self, data: &mut [u8]) {
        assert!(data.len() >= BLOCK_LENGTH, "ciphertext stealing needs one block");
        let (head, tail) = split_tail(data);
        let previous = self.encrypt_cbc(head.as_chunks_mut().0);
        match tail.split_at_mut_checked(BLOCK_LENGTH) {
            // One block alone, which is all of the data.
            Some((block, [])) => {
                let block: &mut Block = block.try_into().expect("one block");
                self.encrypt_block(block);
            }
            Some((second_to_last, last)) => {
                let second_to_last: &mut Block = second_to_last.try_into().expect("one block");
                xor(second_to_last, &previous);
                self.encrypt_block(second_to_last);
                let stolen = *second_to_last;
                let mut padded = [0; BLOCK_LENGTH];
                padded[..last.len()].copy_from_slice(last);
                xor(&mut padded, &stolen);
                self.encrypt_block(&mut padded);
                *second_to_last = padded;
                last.copy_from_slice(&stolen[..last.len()]);
            }
            None => unreachable!("the tail has at least one block"),
        }
    }

    /// Decrypts in place. INVARIANT: at least one block; the caller has checked the length.
    pub(super) fn decrypt_cts(&self, data: &mut [u8]) {
        assert!(data.len() >= BLOCK_LENGTH, "ciphertext stealing needs one block");
        let (head, tail) = split_tail(data);
        let previous = self.decrypt_cbc(head.as_chunks_mut().0);
        match tail.split_at_mut_checked(BLOCK_LENGTH) {
            Some((block, [])) => {
                let block: &mut Block = block.try_into().expect("one block");
                self.decrypt_blocks(std::slice::from_mut(block));
            }
            Some((swapped, last)) => {
                let swapped: &mut Block = swapped.try_into().expect("one block");
                let mut mixed = *swapped;
                self.decrypt_blocks(std::slice::from_mut(&mut mixed));
                // What the last block lacks of the stolen one is what its padding of zeros left visible.
                let mut stolen = mixed;
                stolen[..last.len()].copy_from_slice(last);
                for (octet, mask) in last.iter_mut().zip(mixed) {
                    *octet ^= mask;
                }
                self.decrypt_blocks(std::slice::from_mut(&mut stolen));
                xor(&mut stolen, &previous);
                *swapped = stolen;
            }
            None => unreachable!("the tail has at least one block"),
        }
    }

    /// Plain CBC; returns the last ciphertext block.
    fn encrypt_cbc(&self, blocks: &mut [Block]) -> Block {
        let mut previous = [0; BLOCK_LENGTH];
        match self {
            Self::Bits128(aes) => aes.encrypt_with_backend(CbcEncryption { blocks, previous: &mut previous }),
            Self::Bits256(aes) => aes.encrypt_with_backend(CbcEncryption { blocks, previous: &mut previous }),
        }
        previous
    }

    /// Plain CBC; returns the last ciphertext block. Eight at a time, which the processor works on at once.
    fn decrypt_cbc(&self, blocks: &mut [Block]) -> Block {
        let mut previous = [0; BLOCK_LENGTH];
        for group in blocks.chunks_mut(8) {
            let mut ciphertexts = [[0; BLOCK_LENGTH]; 8];
            let ciphertexts = &mut ciphertexts[..group.len()];
            ciphertexts.copy_from_slice(group);
            self.decrypt_blocks(group);
            for (block, ciphertext) in group.iter_mut().zip(ciphertexts) {
                xor(block, &previous);
                previous = *ciphertext;
            }
        }
        previous
    }
}

/// The loop over the blocks, to be run where the processor's AES was found once instead of for each block.
struct CbcEncryption<'a> {
    blocks: &'a mut [Block],
    previous: &'a mut Block,
}

impl BlockSizeUser for CbcEncryption<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for CbcEncryption<'_> {
    #[inline(always)]
    fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
        for block in self.blocks {
            xor(block, self.previous);
            let block: &mut Array<u8, U16> = block.into();
            backend.encrypt_block(InOut::from(&mut *block));
            self.previous.copy_from_slice(block);
        }
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
