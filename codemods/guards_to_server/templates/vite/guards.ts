// Pages that only open with a session: each one, and all below it.
export const protectedPages: string[] = [__PAGES__];
export const signInPage = "__SIGN_IN__";
