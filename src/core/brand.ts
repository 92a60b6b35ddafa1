declare const brand: unique symbol;

/** A type that only its own parser can make, so that one id is never passed where another is meant. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
