/** Of all hashes by which a text's own bytes are looked up, another one in each process: nobody can write texts that all collide. */
export const SALT = (Math.random() * 0x100000000) | 0;
