/** Styles are imported for the build's sake. */
declare module "*.css";
