declare module 'virtual:words' {
  const catalogue: Record<string, { ja: string; en: string }>;
  export default catalogue;
}
