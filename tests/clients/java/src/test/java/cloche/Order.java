package cloche;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.enhanced.dynamodb.extensions.annotations.DynamoDbVersionAttribute;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbBean;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondaryPartitionKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSecondarySortKey;
import software.amazon.awssdk.enhanced.dynamodb.mapper.annotations.DynamoDbSortKey;

/** A bean with a table's keys, a global and a local index, and a version that the enhanced client counts. */
@DynamoDbBean
public class Order {
  private String customer, id, status;
  private Integer total;
  private Long version;
  private Instant made;
  private Set<String> tags;
  private List<Integer> lines;
  private Map<String, String> notes;

  public Order() {}

  Order(String customer, String id, String status, int total) {
    this.customer = customer;
    this.id = id;
    this.status = status;
    this.total = total;
    this.made = Instant.ofEpochSecond(1_700_000_000L + total);
  }

  @DynamoDbPartitionKey public String getCustomer() { return customer; }
  public void setCustomer(String value) { customer = value; }
  @DynamoDbSortKey public String getId() { return id; }
  public void setId(String value) { id = value; }
  @DynamoDbSecondaryPartitionKey(indexNames = "by-status") public String getStatus() { return status; }
  public void setStatus(String value) { status = value; }
  @DynamoDbSecondarySortKey(indexNames = {"by-status", "by-total"}) public Integer getTotal() { return total; }
  public void setTotal(Integer value) { total = value; }
  @DynamoDbVersionAttribute public Long getVersion() { return version; }
  public void setVersion(Long value) { version = value; }
  public Instant getMade() { return made; }
  public void setMade(Instant value) { made = value; }
  public Set<String> getTags() { return tags; }
  public void setTags(Set<String> value) { tags = value; }
  public List<Integer> getLines() { return lines; }
  public void setLines(List<Integer> value) { lines = value; }
  public Map<String, String> getNotes() { return notes; }
  public void setNotes(Map<String, String> value) { notes = value; }
}
