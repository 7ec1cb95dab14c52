//! Powers of the 32nd root of 2, in units of 2^-96, rounded down. A test holds every edge that comes of them to
//! tests/data/grid_edges.txt.

use super::STEPS;

pub const ROOTS: [u128; STEPS] = [
    0x1_00000000_00000000_00000000,
    0x1_059b0d31_585743ae_7c548eb6,
    0x1_0b5586cf_9890f629_8b92b718,
    0x1_11301d01_25b50a4e_bbf1aed9,
    0x1_172b83c7_d517adcd_f7c8c50e,
    0x1_1d487316_8b9aa780_5b802899,
    0x1_2387a6e7_5623866c_1fadb1c1,
    0x1_29e9df51_fdee12c2_5d15f5a2,
    0x1_306fe0a3_1b7152de_8d5a4630,
    0x1_371a7373_aa9caa71_45502f45,
    0x1_3dea64c1_2342235b_41223e13,
    0x1_44e08606_1892d031_36f409df,
    0x1_4bfdad53_62a271d4_397afec4,
    0x1_5342b569_d4f81df0_a83c49d8,
    0x1_5ab07dd4_8542958c_93015191,
    0x1_6247eb03_a5584b1f_0fa06fd2,
    0x1_6a09e667_f3bcc908_b2fb1366,
    0x1_71f75e8e_c5f73dd2_370f2ef0,
    0x1_7a11473e_b0186d7d_51023f6c,
    0x1_82589994_cce128ac_f88afab3,
    0x1_8ace5422_aa0db5ba_7c55a192,
    0x1_93737b0c_dc5e4f45_01c3f254,
    0x1_9c49182a_3f0901c7_c46b071f,
    0x1_a5503b23_e255c8b4_24491caf,
    0x1_ae89f995_ad3ad5e8_734d1773,
    0x1_b7f76f2f_b5e46eaa_7b081ab5,
    0x1_c199bdd8_5529c222_0cb12a09,
    0x1_cb720dce_f9069150_3cbd1e94,
    0x1_d5818dcf_ba48725d_a05aeb66,
    0x1_dfc97337_b9b5eb96_8cac39ed,
    0x1_ea4afa2a_490d9858_f73a18f5,
    0x1_f50765b6_e4540674_f84b7628,
];
