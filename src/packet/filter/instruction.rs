//! The instructions of the classic BPF machine, as `linux/filter.h` numbers them.

/// One instruction, laid out as `struct sock_filter` of `linux/filter.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip where a comparison holds.
    pub jt: u8,
    /// How many instructions to skip where it does not.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

impl Instruction {
    pub(super) fn new(code: Code, k: u32) -> Self {
        Instruction { code: code as u16, jt: 0, jf: 0, k }
    }

    pub(super) fn returning(k: u32) -> Self {
        Instruction::new(Code::Return, k)
    }

    pub(super) fn jump(distance: u32) -> Self {
        Instruction::new(Code::Jump, distance)
    }

    /// Whether the instruction ends the program by accepting the packet.
    pub(super) fn accepts(self) -> bool {
        self.decoded() == Some(Code::Return) && self.k != 0
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// What an instruction does. `A` is the accumulator, `X` the index register, `k` the operand.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u16)]
        pub(super) enum Code {
            $($(#[$doc])* $name = $code,)*
        }

        impl Instruction {
            /// What the instruction does; `None` where the machine has no such code.
            #[inline]
            pub(super) fn decoded(self) -> Option<Code> {
                match self.code {
                    $($code => Some(Code::$name),)*
                    _ => None,
                }
            }
        }
    };
}

codes! {
    /// A = four bytes at k
    LoadWord = 0x20,
    /// A = two bytes at k
    LoadHalf = 0x28,
    /// A = the byte at k
    LoadByte = 0x30,
    /// A = four bytes at X + k
    LoadWordIndexed = 0x40,
    /// A = two bytes at X + k
    LoadHalfIndexed = 0x48,
    /// A = the byte at X + k
    LoadByteIndexed = 0x50,
    /// A = the length on the wire
    LoadLength = 0x80,
    /// A = k
    LoadConstant = 0x00,
    /// A = scratch word k
    LoadScratch = 0x60,
    /// X = k
    LoadXConstant = 0x01,
    /// X = scratch word k
    LoadXScratch = 0x61,
    /// X = the length on the wire
    LoadXLength = 0x81,
    /// X = the length of the IPv4 header at k
    LoadXHeaderLength = 0xb1,
    /// scratch word k = A
    Store = 0x02,
    /// scratch word k = X
    StoreX = 0x03,
    Add = 0x04,
    Subtract = 0x14,
    Multiply = 0x24,
    Divide = 0x34,
    Or = 0x44,
    And = 0x54,
    ShiftLeft = 0x64,
    ShiftRight = 0x74,
    Negate = 0x84,
    Remainder = 0x94,
    Xor = 0xa4,
    AddX = 0x0c,
    SubtractX = 0x1c,
    MultiplyX = 0x2c,
    DivideX = 0x3c,
    OrX = 0x4c,
    AndX = 0x5c,
    ShiftLeftX = 0x6c,
    ShiftRightX = 0x7c,
    RemainderX = 0x9c,
    XorX = 0xac,
    /// Skips k instructions
    Jump = 0x05,
    JumpEqual = 0x15,
    JumpGreater = 0x25,
    JumpGreaterOrEqual = 0x35,
    JumpAnyBit = 0x45,
    JumpEqualX = 0x1d,
    JumpGreaterX = 0x2d,
    JumpGreaterOrEqualX = 0x3d,
    JumpAnyBitX = 0x4d,
    /// Ends with k
    Return = 0x06,
    /// X = A
    MoveToX = 0x07,
    /// A = X
    MoveFromX = 0x87,
}
