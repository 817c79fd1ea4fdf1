declare const __VERSION__: string;

/** iptlint's own version; written in when it is built. */
export const version: string = __VERSION__;
