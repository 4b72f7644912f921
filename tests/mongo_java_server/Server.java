import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.util.List;

/** mongo-java-server, in memory, on a port of loopback. */
class Server {
    public static void main(String[] arguments) {
        var server = new MongoServer(new MemoryBackend().version(new OldestForPyMongo()));
        try {
            server.bind("127.0.0.1", Integer.parseInt(arguments[0]));
        } catch (Exception error) {
            System.err.println("No server on port " + arguments[0] + " of 127.0.0.1: " + error);
            System.exit(1); // its threads would keep the program alive
        }
    }

    /** It says wire version 8 at most, of MongoDB 4.2, and PyMongo 4.20 speaks to no server below 9. It asks for nothing else of it. */
    private static class OldestForPyMongo implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }
}
