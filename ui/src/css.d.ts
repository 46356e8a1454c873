declare module "*.module.css" { const classes: Record<string, string>; export default classes; }
declare module "*.png?url" { const address: string; export default address; }
