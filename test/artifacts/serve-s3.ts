// Serves S3 on loopback until its stdin ends; says where.
import { startS3 } from '../support/s3-server.js';

const server = await startS3({});
process.stdout.write(`${server.endpoint}\n`);
process.stdin.resume().once('end', () => void server.close());
