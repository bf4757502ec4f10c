/** The package's version. A bundle has no package.json to read it from; a test keeps the two equal. */
export const VERSION = "0.1.0";
